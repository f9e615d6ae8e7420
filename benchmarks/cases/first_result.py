"""The time from imports done to the first value and gradient, in this process: recording, compiling, running.

    python -m cases.first_result chainrule|"JAX"… CASE

Printed: the seconds.
"""

import sys
import time

from cases import functions


def main(side: str, name: str) -> None:
    case = next(case for case in functions.CASES if case.name == name)
    if side == "chainrule":
        inputs = case.inputs()
        start = time.perf_counter()
        functions.compiled(functions.derivative(case))(*inputs)
    else:
        import jax

        from cases import functions_jax

        functions_jax.use_float64()
        arrays = jax.block_until_ready(functions_jax.arrays(case.inputs()))
        start = time.perf_counter()
        jax.block_until_ready(functions_jax.derivative(case, functions_jax.FORMS[name][side])(*arrays))
    print(time.perf_counter() - start)


if __name__ == "__main__":
    main(*sys.argv[1:])
