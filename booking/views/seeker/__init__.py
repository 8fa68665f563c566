"""Pages of the seeker, in the order of the way through them: times, details and check, my page."""
