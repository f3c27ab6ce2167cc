"""What ``streamrec models weights`` does."""

import argparse


def plot_weights(args: argparse.Namespace) -> int:
    """Draw the filters of a model's first layers."""
    from streamrec.cli.catalog import fetched_weights
    from streamrec.inspection.filters import draw_filters
    from streamrec.model_source import display_name
    from streamrec.plot import require_plot

    require_plot(args.plot)
    draw_filters(fetched_weights(args.name), display_name(args.name), args.plot)
    return 0
