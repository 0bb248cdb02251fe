"""The fast path: a plan and its shape as generated Python, for answers without surprises.

asked      what each fetch's document asks for                    asked.py
place      an object at hand, and where its values come from      place.py
walk       from answers to the representations of the next calls  walk.py
project    from answers to the response, entities joined          projection.py
compile    all of it for one plan, as functions                   program.py, source.py, guards.py
run        the fetches of one request; whatever is not as        running.py, kept.py
           expected goes to the reference executor

Generated source holds numbered names and `repr`s of names that passed validation, nothing else.
"""
