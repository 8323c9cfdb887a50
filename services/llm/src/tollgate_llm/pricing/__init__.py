"""Prices: what each measure of a model costs, and what an answer's usage is billed at.

`price_list` knows the vendors' list prices and what the overlay adds to them; `tariffs` is one
model's prices; `rating` turns usage into priced lines.
"""
