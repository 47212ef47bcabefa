-- The database that Nx 23.3.2 made, recorded from a run; its name ends in `-v4.db`.
CREATE TABLE task_details (
    hash    TEXT PRIMARY KEY NOT NULL,
    project  TEXT NOT NULL,
    target  TEXT NOT NULL,
    configuration  TEXT
);
CREATE TABLE running_tasks (
    task_id TEXT PRIMARY KEY NOT NULL,
    pid INTEGER NOT NULL,
    command TEXT NOT NULL,
    cwd TEXT NOT NULL
);
CREATE TABLE task_invocations (
    root_pid INTEGER NOT NULL,
    parent_pid INTEGER NOT NULL,
    task_id TEXT NOT NULL,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (root_pid, task_id)
);
CREATE TABLE metadata (key TEXT PRIMARY KEY, value TEXT);
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
CREATE INDEX status_idx ON task_history (status);
CREATE TABLE cache_outputs (
                hash    TEXT PRIMARY KEY NOT NULL,
                code   INTEGER NOT NULL,
                size   INTEGER NOT NULL,
                is_cache_entry BOOLEAN NOT NULL DEFAULT TRUE CHECK (is_cache_entry IN (0, 1)),
                created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
                accessed_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
                FOREIGN KEY (hash) REFERENCES task_details (hash)
            );
