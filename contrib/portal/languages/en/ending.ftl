# After everything is proven: password, new device, sign-in.
