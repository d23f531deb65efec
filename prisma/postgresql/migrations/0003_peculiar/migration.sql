-- CreateExtension
CREATE EXTENSION IF NOT EXISTS "citext";

-- CreateTable
CREATE TABLE "Peculiar" (
    "id" SERIAL NOT NULL,
    "short" VARCHAR(3),
    "folded" CITEXT,
    "padded" CHAR(4),
    "amount" DECIMAL(10,2),
    "second" TIMESTAMP(0),
    "moment" TIMESTAMP(3),
    "token" UUID,
    "big" BIGINT,
    "bytes" BYTEA,

    CONSTRAINT "Peculiar_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "Peculiar_folded_key" ON "Peculiar"("folded");

-- CreateIndex
CREATE UNIQUE INDEX "Peculiar_token_key" ON "Peculiar"("token");

-- CreateIndex
CREATE UNIQUE INDEX "Peculiar_short_amount_key" ON "Peculiar"("short", "amount");
