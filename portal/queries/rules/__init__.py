"""Rules as SQL: compiled to one condition on a customer, and whom the rules of groups fit."""
