-- What vouches for everything that decides where a profile's secrets go, links between rows included: a
-- sealed cell with nothing in it, bound to profile, application, its origin, client id, principal and grant.
-- NULL: a foreign entry, or a record that no program since has written.
ALTER TABLE record ADD COLUMN identity BLOB;
-- What the tokens say that the principal is: company, user or app. NULL: they do not say.
ALTER TABLE record ADD COLUMN principal_type TEXT;
