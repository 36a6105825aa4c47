"""Accounts: who signs in, what they may do, and how a request knows who is asking."""
