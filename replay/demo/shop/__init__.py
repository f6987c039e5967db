"""The course shop: a small honest multi-tenant SaaS whose faults are planted behind switches.

Rule: every fault has a right twin in the same handler, and nothing else changes with the switch.
"""
