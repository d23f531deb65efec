-- AlterTable
ALTER TABLE "Peculiar" ADD COLUMN "lower" TEXT GENERATED ALWAYS AS (lower("short")) VIRTUAL;
