"""An open-source customer 360 lakehouse on Spark and Delta. Importing it starts no JVM."""

__version__ = "0.1.0"
