"""The demo's mail: an SMTP server that delivers nothing but keeps every mail, and pages to read them."""
