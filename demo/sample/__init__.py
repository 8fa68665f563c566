"""Sample offices, people and reservations: fictitious, by rules as real offices have them."""
