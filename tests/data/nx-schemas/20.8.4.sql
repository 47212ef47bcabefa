-- The database that Nx 20.8.4 made, recorded from a run; its name ends in `.db`.
CREATE TABLE metadata (
                key TEXT NOT NULL PRIMARY KEY,
                value TEXT NOT NULL
            );
CREATE TABLE task_details (
                hash    TEXT PRIMARY KEY NOT NULL,
                project  TEXT NOT NULL,
                target  TEXT NOT NULL,
                configuration  TEXT
            );
CREATE TABLE task_history (
                id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
                hash TEXT NOT NULL,
                status TEXT NOT NULL,
                code INTEGER NOT NULL,
                start TIMESTAMP NOT NULL,
                end TIMESTAMP NOT NULL,
                FOREIGN KEY (hash) REFERENCES task_details (hash)
            );
CREATE INDEX hash_idx ON task_history (hash);
CREATE TABLE cache_outputs (
                    hash    TEXT PRIMARY KEY NOT NULL,
                    code   INTEGER NOT NULL,
                    size   INTEGER NOT NULL,
                    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
                    accessed_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
                    FOREIGN KEY (hash) REFERENCES task_details (hash)
              );
