"""Object code from LLVM's intermediate representation, loaded into this process.

The emitters write vectors out themselves, so that nothing is left for LLVM's vectoriser; what is run here are the few
passes that put local variables into registers and fold what the emitters wrote plainly. Object code is loaded by ORC,
which takes a fifth of the time that LLVM's older engine takes, and gives the memory back when `Code` is dropped.
"""

import functools
import importlib.util
import itertools
import json
import threading
from collections.abc import Sequence
from typing import Any

_LOCK = threading.RLock()
_NUMBERS = itertools.count()


def available() -> bool:
    """Whether llvmlite is installed.

    Returns
    -------
    bool
        True where native code can be made.

    Examples
    --------
    >>> available()
    True
    """
    return importlib.util.find_spec("llvmlite") is not None


@functools.cache
def host() -> str:
    """Describe what object code made here depends on, for the key of a cache.

    Returns
    -------
    str
        The processor, its features, and the versions of llvmlite and LLVM.

    Examples
    --------
    >>> "llvmlite" in host()
    True
    """
    import llvmlite
    from llvmlite import binding

    version = ".".join(map(str, binding.llvm_version_info))
    triple, processor, features = binding.get_process_triple(), binding.get_host_cpu_name(), _features()
    return f"{triple} {processor} {features} llvmlite {llvmlite.__version__} LLVM {version}"


class Code:
    """Native functions, callable for as long as this object lives.

    Parameters
    ----------
    object_code : bytes
        What another `Code` of the same `host` gave as its `object_code`.

    Attributes
    ----------
    object_code : bytes
        To be kept on disk, and loaded again by `load`.
    """

    def __init__(self, object_code: bytes) -> None:
        from llvmlite import binding

        head, _, image = object_code.partition(b"\n")
        names = json.loads(head)
        with _LOCK:
            engine = _engine()
            library = binding.JITLibraryBuilder().add_object_img(image).add_current_process()
            for name in names["imports"]:
                library.import_symbol(name, _symbol(name))
            for name in names["exports"]:
                library.export_symbol(name)
            self._library = library.link(engine, f"chainrule.{next(_NUMBERS)}")
        self._engine = engine  # must outlive the library
        self._exports = frozenset(names["exports"])
        self.object_code = object_code

    def address(self, name: str) -> int:
        """Where a function or a global variable of the module lies.

        Parameters
        ----------
        name : str
            Its name in the module.

        Returns
        -------
        int
            The address, good for as long as this object lives.

        Raises
        ------
        KeyError
            The module defines nothing of that name.
        """
        if name not in self._exports:
            raise KeyError(f"this code defines {sorted(self._exports)}, not {name!r}; ask for one of these.")
        return int(self._library[name])


def compile_module(module: Any) -> Code:
    """Compile a module for this machine and load it.

    Parameters
    ----------
    module : llvmlite.ir.Module or str
        The module, or its text.

    Returns
    -------
    Code
        Its functions.

    Raises
    ------
    RuntimeError
        LLVM refuses the text, or a symbol that it needs is not there.

    Examples
    --------
    >>> import ctypes
    >>> code = compile_module("define i64 @twice(i64 %n) { %r = add i64 %n, %n ret i64 %r }")
    >>> ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(code.address("twice"))(21)
    42
    """
    from llvmlite import binding

    with _LOCK:
        _engine()
        machine = _machine()
        parsed = binding.parse_assembly(str(module))
        parsed.verify()
        _simplify(parsed, machine)
        imports = [f.name for f in parsed.functions if f.is_declaration and not f.name.startswith("llvm.")]
        exports = [each.name for each in (*parsed.functions, *parsed.global_variables) if _is_visible(each)]
        head = json.dumps({"imports": imports, "exports": exports}).encode()
        return Code(head + b"\n" + machine.emit_object(parsed))


def load(object_code: bytes) -> Code:
    """Load what was compiled before.

    Parameters
    ----------
    object_code : bytes
        The `object_code` of a `Code` made under the same `host`.

    Returns
    -------
    Code
        Its functions.

    Raises
    ------
    ValueError, RuntimeError
        The bytes are something else.
    """
    return Code(object_code)


def _is_visible(value: Any) -> bool:
    """Whether others can refer to what the module defines."""
    return not value.is_declaration and value.linkage.name == "external"


def _simplify(module: Any, machine: Any) -> None:
    from llvmlite import binding

    passes = binding.create_new_module_pass_manager()
    passes.add_always_inliner_pass()
    passes.add_sroa_pass()
    passes.add_instruction_combine_pass()
    passes.run(module, binding.create_pass_builder(machine, binding.create_pipeline_tuning_options(2)))


def _symbol(name: str) -> int:
    """Find a function outside: one of the C library or one that an emitter has registered."""
    from llvmlite import binding

    address = binding.address_of_symbol(name)
    if address is None and name.startswith("chainrule."):
        from chainrule.compiler.native import blas  # loads SciPy's linear algebra, which few programs need

        blas.link()
        address = binding.address_of_symbol(name)
    if address is None:
        raise RuntimeError(f"the native code calls {name}, which is not in this process; register it with `link()`.")
    return int(address)


@functools.cache
def _features() -> str:
    from llvmlite import binding

    return str(binding.get_host_cpu_features().flatten())


def _machine() -> Any:
    """Code for this processor that lies anywhere, with what it refers to near by."""
    from llvmlite import binding

    target = binding.Target.from_triple(binding.get_process_triple())
    return target.create_target_machine(
        cpu=binding.get_host_cpu_name(), features=_features(), opt=2, reloc="pic", codemodel="small", jit=True
    )


@functools.cache
def _engine() -> Any:
    """Make the one linker of this process, once, together with what the emitters' code refers to."""
    from llvmlite import binding

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    for link in _links():
        link()
    return binding.create_lljit_compiler(_machine(), use_jit_link=True)


def _links() -> Sequence[Any]:
    from chainrule.compiler.native import blas, mathematics

    return [mathematics.link, blas.link]
