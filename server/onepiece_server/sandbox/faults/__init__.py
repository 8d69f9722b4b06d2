"""What a studio does wrong on purpose, by a plan.

``plan`` is the plan, ``deciding`` which call a rule falls on, ``shotgrid_layer`` and ``s3_proxy`` do it,
``admin`` takes a plan while a server runs, ``calls`` is the journal of what was asked.
"""
