"""A randomised audit: fits of random problems against optima in 80-bit floats that share no code with fastlr.

    python -m audit --problems 20000        the table of all counts (from the folder tests, with fastlr installed)
    python -m audit --problem 12345         one problem: code that poses it, and its verdict

The chain of a problem: its number -> `problems.make`, the call -> `posing.posed`, what it is to minimise, exactly ->
`reference.optimum` -> `verdict.judge`, what was said or done that is false.  `run` spreads numbers over processes.
"""
