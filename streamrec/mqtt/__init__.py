"""The bridge to MQTT and Home Assistant; a subscriber like any other."""
