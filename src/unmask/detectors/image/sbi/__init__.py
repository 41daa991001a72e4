"""SBI (Shiohara and Yamasaki 2022): an EfficientNet taught by faces blended with themselves."""
