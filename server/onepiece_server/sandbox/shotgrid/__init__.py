"""A ShotGrid site on one machine, spoken to by the unmodified shotgun_api3.

``app.create_app(site)`` is the ASGI application, ``python -m onepiece_server.sandbox.shotgrid`` runs it on loopback.
"""
