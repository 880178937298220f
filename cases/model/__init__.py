"""The case, and the rules of its shapes, dtypes and data. A worker imports this; it needs only NumPy beside Python."""
