"""Pure rules: no Django, no database, no clock of their own. They take the policy and `now`, `today` or a day."""
