-- +goose Up
-- The time at which an identity provider first vouched for the owner of the account. Before that,
-- the password and the sessions may be those of a stranger who signed up with the owner's email;
-- the first token of the provider removes both. Set it for accounts whose owner was verified in
-- another way: their password stays.
ALTER TABLE users ADD COLUMN claimed_at timestamptz;

-- The addresses from which an account signed in: attempts from there pass while others are delayed.
CREATE TABLE sign_in_addresses (
    -- SHA-256 of the email and the address. It hides them from a glance, not from a search: there
    -- are only four billion IPv4 addresses.
    hash         bytea       PRIMARY KEY CHECK (octet_length(hash) = 32),
    user_id      bigint      NOT NULL REFERENCES users ON DELETE CASCADE,
    last_used_at timestamptz NOT NULL DEFAULT now()
);
-- The addresses of an account, of which only the latest stay, and their deletion with the account.
CREATE INDEX sign_in_addresses_user ON sign_in_addresses (user_id);

-- +goose Down
DROP TABLE sign_in_addresses;
ALTER TABLE users DROP COLUMN claimed_at;
