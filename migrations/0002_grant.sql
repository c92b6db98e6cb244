-- By which grant the tokens were obtained: `app` renews without a refresh token, and each grant has its
-- own way back for a person. NULL: not known, or a foreign entry.
ALTER TABLE record ADD COLUMN obtained_by TEXT;
