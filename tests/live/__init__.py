"""Conf images at run time: real containers, the real confd, and the metadata service of this package behind them."""
