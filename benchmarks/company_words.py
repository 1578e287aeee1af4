"""The words of an invented trading company: what is traded, and the names of those who trade."""

from __future__ import annotations


def _listed(text: str) -> list[str]:
    return [" ".join(words.split()) for words in text.split(",")]


# Ours and a supplier's word for the same thing.
NOUNS = _listed("""
    Hinge Scharnier, Bracket Winkel, Screw Schraube, Washer Scheibe, Bolt Bolzen, Handle Griff, Lock Schloss,
    Castor Rolle, Drawer Schublade, Shelf Regalboden, Panel Platte, Rail Schiene, Clamp Klemme, Valve Ventil,
    Pipe Rohr, Elbow Bogen, Gasket Dichtung, Filter Filter, Pump Pumpe, Hose Schlauch, Cable Kabel,
    Plug Stecker, Socket Steckdose, Switch Schalter, Lamp Leuchte, Sensor Sensor, Relay Relais, Fuse Sicherung,
    Motor Motor, Belt Riemen, Bearing Lager, Gear Zahnrad, Chain Kette, Spring Feder, Rope Seil, Hook Haken,
    Wheel Rad, Cover Deckel, Frame Rahmen, Door Türe, Seal Siegel, Knob Knauf, Tray Wanne, Box Kiste,
    Pallet Palette, Label Etikett, Glove Handschuh, Helmet Helm, Ladder Leiter, Brush Bürste
""")
MATERIALS = _listed("""
    steel, stainless, brass, copper, aluminium, nylon, rubber, oak, beech, birch, glass, ceramic, zinc, bronze, carbon,
    felt
""")
COLOURS = _listed("black, white, grey, red, blue, green, yellow, natural")
SIZES = [f"{a}x{b}" for a in (4, 6, 8, 10, 12, 16, 20, 25) for b in (20, 30, 40, 50, 60, 80, 100, 120)]
PRODUCT_NAMES = len(NOUNS) * len(MATERIALS) * len(COLOURS) * len(SIZES)
TOWNS = _listed("""
    Arnstein, Belmont, Cordova, Dalen, Ebern, Falkirk, Gorinchem, Halden, Imola, Jarocin, Kolding, Lienz, Mestre, Nola,
    Olsany, Pirna, Quimper, Rovigo, Sneek, Tarvis, Ulm, Vejle, Wels, Xanten, Ypres, Zwolle
""")
TRADES = _listed("""
    Metall, Ferramenta, Fournitures, Components, Techniek, Systeme, Industrial, Handel, Supply, Werke
""")
FORMS = _listed("GmbH, S.r.l., SARL, Ltd, B.V., AG, S.p.A., ApS, Sp. z o.o., S.L.")


def product_words(number: int) -> tuple[str, str]:
    """The name of the product of a number below `PRODUCT_NAMES`, and its supplier's."""
    rest, size = divmod(number, len(SIZES))
    rest, colour = divmod(rest, len(COLOURS))
    noun, material = divmod(rest, len(MATERIALS))
    ours, theirs = NOUNS[noun].split()
    end = f"{SIZES[size]} mm, {COLOURS[colour]}"
    return f"{ours} {MATERIALS[material]} {end}", f"{theirs} {MATERIALS[material]} {end}"


def company_name(number: int) -> str:
    town, rest = TOWNS[number % len(TOWNS)], number // len(TOWNS)
    trade, more = TRADES[rest % len(TRADES)], rest // len(TRADES)
    return f"{town}{'er' * (more % 2)} {trade} {more // 2 or ''}".strip() + f" {FORMS[number % len(FORMS)]}"
