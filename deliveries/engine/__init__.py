"""
Claim → render → sign → send → record.

The database is the queue. A claim is a lease: it puts its name on the rows it takes, and only that
name may record what came of them. No transaction is open while a socket is.

    dispatcher.py  the loop of one process: claims, sends side by side, records in bulk
    claim.py       what is due, leased
    bodies.py      which bytes a delivery carries: settled before its first attempt
    render.py      a delivery to the request that is sent
    record.py      what came back: attempts, outcomes, health, deactivation
    holding.py     deliveries of webhooks that are inactive, active again or gone
"""
