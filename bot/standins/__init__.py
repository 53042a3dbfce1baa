"""Loopback stand-ins for the services that Callnote talks to, for the sandbox and the tests."""
