-- +goose Up
-- PlatformDashboard.activeUsersCount: the users by the day in UTC on which they were last active. Counting the rows of
-- user_activity reads most of them. Both are refreshed in one transaction.
CREATE MATERIALIZED VIEW active_days AS
SELECT (active_at AT TIME ZONE 'UTC')::date AS day, count(*) AS users
FROM user_activity GROUP BY 1;
CREATE UNIQUE INDEX active_days_day ON active_days (day);

-- +goose Down
DROP MATERIALIZED VIEW active_days;
