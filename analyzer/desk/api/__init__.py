"""The JSON API: the same things as on the pages, for programs; each with a token, none of them a person.

`models` says what is sent and answered, `operations` ties a model to a door, `openapi` writes the document from both.
"""
