module Tidewater.Bunkers.Fuel exposing (Fuel(..), cost)


type Fuel
    = HeavyOil
    | MarineDiesel


{-| What so many tonnes cost, in cents.
-}
cost : Fuel -> Int -> Int
cost fuel tonnes =
    case fuel of
        HeavyOil ->
            tonnes * 48000

        MarineDiesel ->
            tonnes * 71000
