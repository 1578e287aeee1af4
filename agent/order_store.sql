-- The order store. One row a record (see order_rows.py); model 0 is purchase.order, 1 sale.order, 2 stock.picking,
-- 3 account.move. Indexes are made after a load, which is several times faster.

CREATE TABLE state (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE orders (
    model INTEGER, id INTEGER, name TEXT, partner INTEGER, shipping INTEGER, refs TEXT, origin TEXT, state TEXT,
    ordered INTEGER, planned INTEGER, currency TEXT, written TEXT,
    is_open INTEGER,  -- whether a line is still to come
    PRIMARY KEY (model, id)
) WITHOUT ROWID;

-- In the order of an order's lines, so that they are read in one piece.
CREATE TABLE lines (
    model INTEGER, order_id INTEGER, sequence INTEGER, id INTEGER, product INTEGER,
    product_name TEXT,  -- NULL where it is the description
    description TEXT, qty REAL, done REAL, price REAL, planned INTEGER, uom TEXT,
    PRIMARY KEY (model, order_id, sequence, id)
) WITHOUT ROWID;

-- What Odoo lists as an order's shipments.
CREATE TABLE order_pickings (
    picking INTEGER, model INTEGER, order_id INTEGER, PRIMARY KEY (picking, model, order_id)
) WITHOUT ROWID;

CREATE TABLE pickings (
    id INTEGER PRIMARY KEY, name TEXT, code TEXT, origin TEXT, state TEXT, is_closed INTEGER, partner INTEGER,
    tracking TEXT, carrier TEXT, scheduled INTEGER, purchase INTEGER, sale INTEGER, written TEXT
);

CREATE TABLE moves (
    id INTEGER PRIMARY KEY, picking INTEGER, product INTEGER, qty REAL, state TEXT, purchase_line INTEGER,
    sale_line INTEGER
);

-- The moves that a move leads to.
CREATE TABLE move_steps (move INTEGER, place INTEGER, next INTEGER, PRIMARY KEY (move, place)) WITHOUT ROWID;

CREATE TABLE invoices (
    id INTEGER PRIMARY KEY, name TEXT, ref TEXT, move_type TEXT, state TEXT, partner INTEGER, origin TEXT
);

-- The numbers that name a record: `key` is `reference_key(value)`, the rest what near matches are looked up by.
CREATE TABLE numbers (
    model INTEGER, record INTEGER, place INTEGER, key TEXT, kind INTEGER, value TEXT, shape TEXT, around TEXT,
    number TEXT, digits TEXT, PRIMARY KEY (model, record, place)
) WITHOUT ROWID;

-- Which products open orders hold. Closed orders are reached by number or by partner only.
CREATE TABLE open_products (
    product INTEGER, ordered INTEGER, id INTEGER, model INTEGER, PRIMARY KEY (product, ordered, id, model)
) WITHOUT ROWID;

-- indexes
CREATE INDEX numbers_by_key ON numbers (key);
CREATE INDEX numbers_by_shape ON numbers (shape, kind, key) WHERE shape IS NOT NULL;
CREATE INDEX numbers_by_number ON numbers (number, around) WHERE number IS NOT NULL;
CREATE INDEX numbers_by_digits ON numbers (digits) WHERE digits IS NOT NULL;
CREATE INDEX orders_by_name ON orders (name);
CREATE INDEX orders_by_partner ON orders (partner, is_open, ordered, id);
CREATE INDEX lines_by_id ON lines (model, id);
CREATE INDEX order_pickings_by_order ON order_pickings (model, order_id);
CREATE INDEX pickings_by_origin ON pickings (origin);
CREATE INDEX pickings_by_partner ON pickings (partner, is_closed, id DESC);
CREATE INDEX pickings_by_purchase ON pickings (purchase) WHERE purchase IS NOT NULL;
CREATE INDEX pickings_by_sale ON pickings (sale) WHERE sale IS NOT NULL;
CREATE INDEX moves_by_picking ON moves (picking);
CREATE INDEX moves_by_purchase_line ON moves (purchase_line) WHERE purchase_line IS NOT NULL;
CREATE INDEX moves_by_sale_line ON moves (sale_line) WHERE sale_line IS NOT NULL;
CREATE INDEX move_steps_by_next ON move_steps (next);
CREATE INDEX open_products_by_order ON open_products (model, id);
