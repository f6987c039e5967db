"""Intake, writer process, session naming, the embedded proxy."""
