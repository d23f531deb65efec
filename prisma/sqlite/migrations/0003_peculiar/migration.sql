-- CreateTable
CREATE TABLE "Peculiar" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "short" TEXT,
    "folded" TEXT,
    "padded" TEXT,
    "amount" DECIMAL,
    "second" DATETIME,
    "moment" DATETIME,
    "token" TEXT,
    "big" BIGINT,
    "bytes" BLOB
);

-- CreateIndex
CREATE UNIQUE INDEX "Peculiar_folded_key" ON "Peculiar"("folded");

-- CreateIndex
CREATE UNIQUE INDEX "Peculiar_token_key" ON "Peculiar"("token");

-- CreateIndex
CREATE UNIQUE INDEX "Peculiar_short_amount_key" ON "Peculiar"("short", "amount");

