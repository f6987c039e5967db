"""The composition root: configuration, plugins, builders."""
