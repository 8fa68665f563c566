"""People: who signs in, what seekers and employers say about themselves, and how they leave.

models.py      User, SeekerProfile, EmployerProfile, ProvisionalRegistration
numbers.py     telephone, 求職番号, 事業所番号, names: tolerant to read, strict to store; fields.py builds form fields on it
flows/         one module per story: register, profile, lock, invite
deletion.py    self-deletion; apps above register what they check and erase
adapter.py     the extension points of allauth, which owns sign-in, password, address and second factor
middleware.py  the admin opens only with a second factor
ratelimits.py  counts in Redis
"""
