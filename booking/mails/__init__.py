"""Which mail, to whom, when, with which facts: a module per story. The words are in templates/booking/mail/.

The queue_* functions write rows in the caller's transaction. The composers run at the moment of sending and ask again
whether there is still something to say. No mail carries the topic of the counseling or the 求職番号.
"""
