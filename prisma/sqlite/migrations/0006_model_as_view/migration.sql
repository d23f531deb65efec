-- CreateView
CREATE VIEW "TagStats" AS
SELECT "B" AS "tagId", CAST(COUNT(*) AS INTEGER) AS "posts" FROM "_PostToTag" GROUP BY "B";
