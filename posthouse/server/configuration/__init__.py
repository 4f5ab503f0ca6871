"""Configuration: one TOML file, read once into one frozen tree; each part of the program gets its slice."""

from __future__ import annotations

from posthouse.server.configuration.problems import ConfigurationError, Problem
from posthouse.server.configuration.reading import parse_configuration, read_configuration
from posthouse.server.configuration.tree import Configuration

__all__ = ["Configuration", "ConfigurationError", "Problem", "parse_configuration", "read_configuration"]
