"""Farms: where jobs are rendered. One protocol, one model of states, one module for each engine."""
