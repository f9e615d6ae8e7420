"""Those functions of SciPy that no protocol leads to, under SciPy's own names and with SciPy's own arguments.

A traced array answers NumPy's functions, and the ufuncs of `scipy.special`, by itself. The other functions of SciPy
make a plain array of whatever they are given; in a function that is to be differentiated, take them from here::

    from chainrule.scipy.linalg import expm      # for: from scipy.linalg import expm

They give SciPy's own values, and take plain arrays as well as traced ones.
"""
