"""Writes models as self-contained ONNX files."""
