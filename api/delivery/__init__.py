"""How something leaves the house: posts to web addresses outside, mail to a mail server."""
