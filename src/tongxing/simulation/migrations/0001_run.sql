-- Which simulated run filled the houses' schemas of this database. At most one row.

CREATE TABLE run (
    only_row   boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    parameters text NOT NULL,             -- JSON of what makes a run what it is
    state      text NOT NULL CHECK (state IN ('running', 'finished')),
    summary    text                       -- JSON, once finished
);
