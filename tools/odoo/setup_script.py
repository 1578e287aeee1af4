"""What an administrator of Odoo does once, so that this product has an account that cannot write.

The account is in one group of its own, which may read and nothing else, and in none of Odoo's user types: an "internal
user" with the same rights could still reserve stock, post messages and invoices, and create activities.
"""

from __future__ import annotations

from tools.odoo.access import MODELS

LOGIN = "exception-desk"
GROUP = "Exception Desk: read only"

STEPS = """\
In Odoo's pages, as an administrator with developer mode switched on:

1. Settings > Users & Companies > Groups > New. Name: {group}. No application, nothing inherited.
2. In its tab "Access Rights", add a line for each of these models, with Read ticked and Write, Create and Delete empty.
   Leave out models that your Odoo does not have: their app is not installed.
{models}
3. Settings > Users & Companies > Users > New. Login: {login}. Allowed companies: each one that is to be read.
   Set a password of 40 random characters or more (Action > Change Password): it is the key.
4. Odoo puts a new user into groups of its own, such as Internal User and Contact Creation. In Groups, open each group
   that lists the user in its tab "Users" and take the user out. Add the user to {group}. It must be in no other.
5. Put the password into the key file. Such an account has no page on which to make an API key; on Odoo 19 and later
   set TRIAGE_ODOO_PROTOCOL=odoorpc, since a password serves that protocol alone, or use the script.
6. `triage odoo check` says whether anything is left that it could write.

The script does all of this, and makes an API key:

    {command}
"""

SCRIPT = """\
# For `odoo shell -d DATABASE`: makes or renews the read-only account, and prints a new API key.
import datetime

LOGIN, GROUP, DAYS = {login!r}, {group!r}, 90
MODELS = [
{models}
]

group = env["res.groups"].search([("name", "=", GROUP)], limit=1) or env["res.groups"].create({{"name": GROUP}})
if "api_key_duration" in group._fields:
    group.api_key_duration = DAYS
rights = env["ir.model.access"]
rights.search([("group_id", "=", group.id)]).unlink()
for model in env["ir.model"].search([("model", "in", MODELS)]):
    rights.create({{
        "name": "%s: %s" % (GROUP, model.model), "model_id": model.id, "group_id": group.id,
        "perm_read": True, "perm_write": False, "perm_create": False, "perm_unlink": False,
    }})

users = env["res.users"].with_context(no_reset_password=True, active_test=False)
groups = "group_ids" if "group_ids" in users._fields else "groups_id"
companies = env["res.company"].search([])
values = {{
    "active": True, groups: [(6, 0, group.ids)],
    "company_id": companies[0].id, "company_ids": [(6, 0, companies.ids)],
}}
user = users.search([("login", "=", LOGIN)], limit=1)
if user:
    user.write(values)
else:
    user = users.create({{"name": "Exception Desk", "login": LOGIN, **values}})

keys = env["res.users.apikeys"]
keys.search([("user_id", "=", user.id)]).unlink()
expires = datetime.datetime.now() + datetime.timedelta(days=DAYS) - datetime.timedelta(hours=1)
dated = keys._generate.__code__.co_argcount > 3  # from Odoo 18
key = keys.with_user(user)._generate("rpc", "Exception Desk", *([expires] if dated else []))
env.cr.commit()
env.registry.signal_changes()  # so that servers which are running look again at rights and companies
print("KEY", key)
"""


def shell_script() -> str:
    """The script that `odoo shell` runs. Run again, it renews the key and withdraws the one before."""
    models = "\n".join(f"    {model!r}," for model in MODELS)
    return SCRIPT.format(login=LOGIN, group=GROUP, models=models)


def steps() -> str:
    """The same by hand, for who prefers Odoo's pages."""
    models = "\n".join(f"     {model}" for model in MODELS)
    command = "triage odoo setup-script --shell | odoo shell -d DATABASE --no-http"
    return STEPS.format(login=LOGIN, group=GROUP, models=models, command=command)
