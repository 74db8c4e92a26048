"""How far an import has been written, and up to where what its check saw is known to stand."""


def up(migrator, db):
    db.execute_sql('ALTER TABLE "import" ADD COLUMN "as_of" INTEGER NOT NULL DEFAULT 0')
    db.execute_sql('ALTER TABLE "import" ADD COLUMN "reached" INTEGER NOT NULL DEFAULT 0')


def down(migrator, db):
    db.execute_sql('ALTER TABLE "import" DROP COLUMN "reached"')
    db.execute_sql('ALTER TABLE "import" DROP COLUMN "as_of"')
