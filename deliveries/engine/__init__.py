"""
Claim → render → sign → send → record.

The database is the queue. A claim is a lease: it puts its name on the rows it takes, and only that
name may record what came of them. No transaction is open while a socket is.

    dispatcher.py  the loop of one process: claims, sends side by side, records in bulk
    claim.py       what is due, leased to one dispatcher: leasing.py finds it, fairness.py says whose turn
                   it is, shares.py how much each webhook may use, pace.py how quickly each partner,
                   losses.py what killed too many workers, configurations.py what is known of webhooks
    duty.py        when work that can wait may go on
    bodies.py      which bytes a delivery carries: settled before its first attempt
    sending.py     the thread that sends, a greenlet each
    render.py      a delivery to the request that is sent
    record.py      what came back: attempts, outcomes, health, deactivation; tally.py counts by the hour
    holding.py     deliveries of webhooks that are inactive, active again or gone
    bulk.py        many rows in one statement
    clock.py       the database's time
"""
