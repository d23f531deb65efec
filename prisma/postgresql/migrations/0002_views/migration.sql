-- CreateView
CREATE VIEW "AuthorStats" AS
SELECT "author_id" AS "authorId", CAST(COUNT(*) AS INTEGER) AS "posts" FROM "posts" GROUP BY "author_id";
