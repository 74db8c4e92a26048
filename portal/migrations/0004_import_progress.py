"""How far an import has been written, up to where what its check saw is known to stand, and who matches its rows."""


def up(migrator, db):
    db.execute_sql('ALTER TABLE "import" ADD COLUMN "as_of" INTEGER NOT NULL DEFAULT 0')
    db.execute_sql('ALTER TABLE "import" ADD COLUMN "reached" INTEGER NOT NULL DEFAULT 0')
    db.execute_sql("ALTER TABLE \"import\" ADD COLUMN \"matching\" TEXT NOT NULL DEFAULT ''")


def down(migrator, db):
    db.execute_sql('ALTER TABLE "import" DROP COLUMN "matching"')
    db.execute_sql('ALTER TABLE "import" DROP COLUMN "reached"')
    db.execute_sql('ALTER TABLE "import" DROP COLUMN "as_of"')
