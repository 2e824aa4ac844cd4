"""The words everything else is said in: values, protocols, errors. No vendor library, no I/O."""
