"""The command line: the program ``fomm`` and the commands that fomm-core adds to it.

Rules for a module that holds a command, here and in the other packages:

* It is named in the entry-point group ``fomm.commands`` and offers a click command.
* At its top level it imports only what is light (click, ``fomm_core.errors``): its module
  is loaded for ``fomm --help`` too. Everything else is imported inside the command.
* It raises :class:`fomm_core.errors.FommError` for what the user can mend;
  :mod:`fomm_core.cli.main` alone turns errors into messages and exit codes.
* It logs through ``logging.getLogger(__name__)``; warnings reach the user on stderr.
"""
