"""Pure Column → Column: how this company writes texts, names, contacts, places, dates and keys."""
