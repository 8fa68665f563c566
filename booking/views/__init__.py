"""Pages by audience: pages (everybody), seeker, counselor, office."""
